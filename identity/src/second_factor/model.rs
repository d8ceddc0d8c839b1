//! Who gets in with what was proved.

use serde::Serialize;
use utoipa::ToSchema;

use crate::entity::organization;
use crate::session::{Method, Proof};

/// A way to prove a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// A code by time.
    Totp,
    /// A passkey.
    Passkey,
    /// A recovery code.
    RecoveryCode,
}

/// What a person can prove besides the first factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Factors {
    pub(crate) totp: bool,
    pub(crate) passkeys: u64,
    pub(crate) recovery_codes: u64,
}

impl Factors {
    /// Whether there is a second factor. Recovery codes alone are none: they stand in for one.
    pub(crate) const fn any(self) -> bool {
        self.totp || self.passkeys > 0
    }

    pub(super) fn ways(self) -> Vec<Way> {
        let has = [
            (Way::Totp, self.totp),
            (Way::Passkey, self.passkeys > 0),
            (Way::RecoveryCode, self.any() && self.recovery_codes > 0),
        ];
        let has = has.into_iter().filter(|(_, has)| *has);
        has.map(|(way, _)| way).collect()
    }
}

/// The answer to somebody who proved a first factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// In.
    Open,
    /// After a second factor.
    Challenge,
    /// After a second factor, which is to be set up first.
    Enroll,
    /// Not this way.
    Refused,
}

/// Decides. A session elsewhere counts for no more than a password: it may have begun with one.
pub(crate) fn judge(organization: &organization::Model, proof: Proof, factors: Factors) -> Gate {
    if !method_allowed(organization, proof.method) {
        return Gate::Refused;
    }
    if proof.second_factor {
        Gate::Open
    } else if factors.any() {
        Gate::Challenge
    } else if organization.require_second_factor {
        Gate::Enroll
    } else {
        Gate::Open
    }
}

pub(crate) const fn method_allowed(organization: &organization::Model, method: Method) -> bool {
    match method {
        Method::Password | Method::Session => organization.password_sign_in,
        Method::Passkey | Method::Provider | Method::OwnProvider => true,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use kernel::TenantId;
    use uuid::Uuid;

    use super::*;

    fn organization(require_second_factor: bool, password_sign_in: bool) -> organization::Model {
        organization::Model {
            tenant_id: TenantId::from(Uuid::nil()),
            subdomain: "acme".to_owned(),
            name: "Acme".to_owned(),
            request_id: String::new(),
            confirmed_at: None,
            created_at: DateTime::UNIX_EPOCH,
            greet: true,
            named_at: None,
            allowed_email_domains: Vec::new(),
            require_second_factor,
            password_sign_in,
            switch_without_password: true,
            audit_retention_days: 365,
            version: 1,
        }
    }

    const NONE: Factors = Factors {
        totp: false,
        passkeys: 0,
        recovery_codes: 0,
    };

    #[test]
    fn every_method_meets_the_same_gate() {
        let totp = Factors { totp: true, ..NONE };
        let key = Factors {
            passkeys: 1,
            ..NONE
        };
        for method in [
            Method::Password,
            Method::Passkey,
            Method::Provider,
            Method::Session,
        ] {
            let (first, both) = (
                Proof::first(method),
                Proof {
                    method,
                    second_factor: true,
                },
            );
            let (free, strict) = (organization(false, true), organization(true, true));
            for (organization, proof, factors, expected) in [
                (&free, first, NONE, Gate::Open),
                (&free, first, totp, Gate::Challenge),
                (&free, first, key, Gate::Challenge),
                (&free, both, totp, Gate::Open),
                (&strict, first, NONE, Gate::Enroll),
                (&strict, first, key, Gate::Challenge),
                (&strict, both, NONE, Gate::Open),
            ] {
                assert_eq!(judge(organization, proof, factors), expected, "{method}");
            }
        }
    }

    #[test]
    fn without_passwords_neither_a_password_nor_a_session_elsewhere_opens() {
        let strict = organization(false, false);
        let both = |method| Proof {
            method,
            second_factor: true,
        };
        assert_eq!(judge(&strict, both(Method::Password), NONE), Gate::Refused);
        assert_eq!(judge(&strict, both(Method::Session), NONE), Gate::Refused);
        assert_eq!(judge(&strict, both(Method::Passkey), NONE), Gate::Open);
        let provider = Proof::first(Method::Provider);
        assert_eq!(judge(&strict, provider, NONE), Gate::Open);
    }

    #[test]
    fn recovery_codes_stand_in_for_a_factor_and_are_none() {
        let left = Factors {
            recovery_codes: 10,
            ..NONE
        };
        assert!(!left.any() && left.ways().is_empty());
        let totp = Factors { totp: true, ..left };
        assert_eq!(totp.ways(), [Way::Totp, Way::RecoveryCode]);
    }
}

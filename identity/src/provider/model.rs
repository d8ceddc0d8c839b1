//! Who is let in on a provider's word, and what may not be taken away.

use httpkit::Problem;
use kernel::{TenantId, UserId};

use crate::account::EmailAddress;

/// What is known of somebody a provider vouches for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// The account that this identity opens.
    pub(super) linked: Option<(UserId, Membership)>,
    /// The account of the address that the provider verified.
    pub(super) account: Option<Account>,
    /// Whether the provider verified an address at all.
    pub(super) address: bool,
    /// Whether the organization lets everybody join who reads mail at the domain of that address.
    pub(super) domain_allowed: bool,
    /// Whether that address has an invitation that can still be accepted.
    pub(super) invited: bool,
    /// Whether the provider is the organization's own.
    pub(super) own_provider: bool,
}

/// An account that has the address.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    pub(super) id: UserId,
    /// Whether its holder was seen to read mail there.
    pub(super) verified: bool,
    /// Whether it has another identity of the same provider.
    pub(super) taken: bool,
    pub(super) membership: Membership,
}

/// Whether somebody is a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
    Present,
    /// Was one, and was sent away or left: only an invitation brings one back.
    Former,
    Never,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) step: Step,
    /// Whether the person becomes a member.
    pub(super) joins: bool,
}

/// How the identity comes to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// It has one.
    Enter(UserId),
    /// From now on it opens this one.
    Link(UserId),
    /// A new one is made.
    Create,
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The provider names no address that it verified.
    AddressUnverified,
    /// There is an account of that address, but whoever made it may not be who reads mail there.
    AccountUnverified,
    /// The account is linked to another identity of the provider.
    AlreadyLinked,
    /// Nobody here, and nobody who may join by the address alone.
    NotAMember,
}

impl Refusal {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::AddressUnverified => "provider_email_unverified",
            Self::AccountUnverified => "account_email_unverified",
            Self::AlreadyLinked => "already_linked",
            Self::NotAMember => "not_a_member",
        }
    }
}

/// Both addresses must be verified, or somebody who made an account in another's name would keep it when that person
/// comes, and somebody who names another's address to a provider would get that person's account. An organization's
/// provider says what the organization's admins want: it opens accounts of members, and no others.
pub(super) fn decide(facts: Facts) -> Result<Decision, Refusal> {
    if let Some((user, membership)) = facts.linked {
        return Ok(Decision {
            step: Step::Enter(user),
            joins: facts.joins(membership)?,
        });
    }
    if !facts.address {
        return Err(Refusal::AddressUnverified);
    }
    let Some(account) = facts.account else {
        let create = Decision {
            step: Step::Create,
            joins: true,
        };
        return (facts.domain_allowed || facts.invited)
            .then_some(create)
            .ok_or(Refusal::NotAMember);
    };
    let joins = facts.joins(account.membership)?;
    if !account.verified {
        return Err(Refusal::AccountUnverified);
    }
    if account.taken {
        return Err(Refusal::AlreadyLinked);
    }
    Ok(Decision {
        step: Step::Link(account.id),
        joins,
    })
}

impl Facts {
    /// Whether who has an account joins now; refuses who is no member and may not become one.
    fn joins(&self, membership: Membership) -> Result<bool, Refusal> {
        match membership {
            Membership::Present => Ok(false),
            // An account that there is says itself where it belongs: no provider of an organization makes it join.
            Membership::Never | Membership::Former if self.own_provider => Err(Refusal::NotAMember),
            Membership::Never if self.domain_allowed => Ok(true),
            Membership::Never | Membership::Former if self.invited => Ok(true),
            Membership::Never | Membership::Former => Err(Refusal::NotAMember),
        }
    }
}

/// Whether the organization takes in who reads mail at the address.
pub(super) fn domain_allowed(domains: &[String], email: &EmailAddress) -> bool {
    let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
    domain.is_some_and(|domain| domains.iter().any(|allowed| allowed == domain))
}

/// An identity that opens an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) provider: String,
    /// The one organization that it opens; none for one that opens all.
    pub(super) only: Option<TenantId>,
    /// Whether its provider is still offered.
    pub(super) usable: bool,
}

/// An organization of the person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) tenant: TenantId,
    pub(super) password_sign_in: bool,
}

/// All the ways in that a person has.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) password: bool,
    pub(super) passkey: bool,
    pub(super) identities: Vec<Way>,
    pub(super) places: Vec<Place>,
}

/// Passes when each organization that could be entered still can be without the provider.
pub(super) fn check_unlink(ways: &Ways, provider: &str) -> Result<(), Problem> {
    let open = |place: &Place, without: Option<&str>| {
        let identity = |way: &Way| {
            way.usable
                && without != Some(way.provider.as_str())
                && way.only.is_none_or(|only| only == place.tenant)
        };
        ways.passkey
            || ways.password && place.password_sign_in
            || ways.identities.iter().any(identity)
    };
    let lost = |place: &Place| open(place, None) && !open(place, Some(provider));
    if ways.places.iter().any(lost) {
        return Err(Problem::conflict(
            "last_way_in",
            "there would be no way left to sign in; set a password or add a passkey first",
        ));
    }
    Ok(())
}

/// A display name of what a provider calls a person: one line, and never empty.
pub(super) fn display_name(name: Option<&str>, email: &EmailAddress) -> String {
    const MAX_CHARS: usize = 200;
    let name = name.unwrap_or_default().split_whitespace();
    let name = name.collect::<Vec<_>>().join(" ");
    let plain = |text: &str| -> String {
        let visible = text.chars().filter(|char| !char.is_control());
        visible.take(MAX_CHARS).collect()
    };
    let name = plain(&name);
    if !name.trim().is_empty() {
        return name;
    }
    plain(email.as_str().split('@').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use kernel::Ids;

    use super::*;

    fn address(text: &str) -> EmailAddress {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn only_two_verified_addresses_make_a_link() {
        let (id, other): (UserId, UserId) = (Ids::system().next(), Ids::system().next());
        let account = Account {
            id,
            verified: true,
            taken: false,
            membership: Membership::Present,
        };
        let facts = Facts {
            linked: None,
            account: Some(account),
            address: true,
            domain_allowed: false,
            invited: false,
            own_provider: false,
        };
        let with = |account| Facts {
            account: Some(account),
            ..facts
        };
        let unverified = with(Account {
            verified: false,
            ..account
        });
        let taken = with(Account {
            taken: true,
            ..account
        });
        let stranger = with(Account {
            membership: Membership::Never,
            ..account
        });
        let former = with(Account {
            membership: Membership::Former,
            ..account
        });
        let nobody = Facts {
            account: None,
            ..facts
        };
        let allowed = |facts| Facts {
            domain_allowed: true,
            ..facts
        };
        let invited = |facts| Facts {
            invited: true,
            ..facts
        };
        let own = |facts| Facts {
            own_provider: true,
            ..facts
        };
        let known = |membership| Facts {
            linked: Some((other, membership)),
            address: false,
            ..facts
        };
        let unnamed = |facts| Facts {
            address: false,
            ..facts
        };
        let done = |step, joins| Ok(Decision { step, joins });
        let (enter, link) = (Step::Enter(other), Step::Link(id));
        let no = Err(Refusal::NotAMember);
        let table = [
            ("both verified", facts, done(link, false)),
            ("own provider", own(facts), done(link, false)),
            ("known", known(Membership::Present), done(enter, false)),
            ("known stranger", known(Membership::Never), no),
            (
                "known, may join",
                allowed(known(Membership::Never)),
                done(enter, true),
            ),
            ("known, sent away", allowed(known(Membership::Former)), no),
            (
                "not verified there",
                allowed(unnamed(nobody)),
                Err(Refusal::AddressUnverified),
            ),
            (
                "not verified here",
                unverified,
                Err(Refusal::AccountUnverified),
            ),
            (
                "not verified here, says the own provider",
                own(unverified),
                Err(Refusal::AccountUnverified),
            ),
            ("another identity", taken, Err(Refusal::AlreadyLinked)),
            ("stranger", stranger, no),
            ("may join", allowed(stranger), done(link, true)),
            (
                "may join, says the own provider",
                own(allowed(stranger)),
                no,
            ),
            ("sent away", allowed(former), no),
            ("nobody", nobody, no),
            (
                "nobody, invited, says the own provider",
                own(invited(nobody)),
                done(Step::Create, true),
            ),
            ("stranger, invited", invited(stranger), done(link, true)),
            ("sent away, invited", invited(former), done(link, true)),
            ("invited, says the own provider", own(invited(former)), no),
            (
                "nobody, may join",
                own(allowed(nobody)),
                done(Step::Create, true),
            ),
        ];
        for (what, facts, decision) in table {
            assert_eq!(decide(facts), decision, "{what}");
        }
    }

    #[test]
    fn domain_is_the_whole_of_it() {
        let domains = ["example.com".to_owned()];
        assert!(domain_allowed(&domains, &address("Ada@EXAMPLE.com")));
        for other in [
            "ada@sub.example.com",
            "ada@example.com.evil.test",
            "ada@notexample.com",
            "\"ada@example.com\"@evil.test",
        ] {
            assert!(!domain_allowed(&domains, &address(other)), "{other}");
        }
    }

    #[test]
    fn last_way_into_any_organization_stays() {
        let [acme, globex]: [TenantId; 2] = std::array::from_fn(|_| Ids::system().next());
        let place = |tenant, password_sign_in| Place {
            tenant,
            password_sign_in,
        };
        let way = |provider: &str, only| Way {
            provider: provider.to_owned(),
            only,
            usable: true,
        };
        let google = || way("google", None);
        let unusable = Way {
            usable: false,
            ..way("slack", None)
        };
        let table = [
            ("nothing else", false, false, vec![google()], true, false),
            ("a password", true, false, vec![google()], true, true),
            (
                "a password that does not count",
                true,
                false,
                vec![google()],
                false,
                false,
            ),
            ("a passkey", false, true, vec![google()], false, true),
            (
                "another provider",
                false,
                false,
                vec![google(), way("github", None)],
                false,
                true,
            ),
            (
                "one that is gone",
                false,
                false,
                vec![google(), unusable],
                false,
                false,
            ),
            (
                "one for here",
                false,
                false,
                vec![google(), way("a", Some(acme))],
                false,
                true,
            ),
            (
                "one for elsewhere",
                false,
                false,
                vec![google(), way("g", Some(globex))],
                false,
                false,
            ),
        ];
        for (what, password, passkey, identities, password_sign_in, passes) in table {
            let places = vec![place(acme, password_sign_in)];
            let ways = Ways {
                password,
                passkey,
                identities,
                places,
            };
            assert_eq!(check_unlink(&ways, "google").is_ok(), passes, "{what}");
        }
        // What could not be entered before is not lost.
        let ways = Ways {
            password: true,
            passkey: false,
            identities: vec![way("a", Some(acme))],
            places: vec![place(acme, true), place(globex, false)],
        };
        assert!(check_unlink(&ways, "a").is_ok());
    }

    #[test]
    fn display_name_is_a_line_of_what_there_is() {
        let email = address("ada@example.com");
        assert_eq!(
            display_name(Some(" Ada\n\u{7}Lovelace "), &email),
            "Ada Lovelace"
        );
        for empty in [None, Some(""), Some(" \t")] {
            assert_eq!(display_name(empty, &email), "ada");
        }
        assert_eq!(display_name(Some(&"x".repeat(999)), &email).len(), 200);
    }
}

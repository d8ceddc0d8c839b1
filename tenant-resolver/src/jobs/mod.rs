//! Background work. Any number of instances may run it: each step is a conditional update or holds a session.

mod mend;
mod refill;
mod sweep;

pub use mend::{mend, mend_forever};
pub use refill::refill;
pub use sweep::{sweep, sweep_forever};

fn warn(
    tenant: Option<kernel::TenantId>,
    error: &(dyn std::error::Error + 'static),
    message: &str,
) {
    tracing::warn!(
        tenant.id = tenant.map(tracing::field::display),
        error,
        "{message}"
    );
}

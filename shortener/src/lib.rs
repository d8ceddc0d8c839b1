//! Short links: codes, expiry, passwords and the guest's page

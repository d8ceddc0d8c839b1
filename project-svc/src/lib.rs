//! Everything an organization works with, in its own database

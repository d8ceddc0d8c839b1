//! Control plane: subdomain to tenant to database; provisioning and lifecycle

drop table provider_attempts, external_identities, identity_providers;

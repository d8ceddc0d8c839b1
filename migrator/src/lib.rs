//! The operator's tool and every schema: one version over all databases

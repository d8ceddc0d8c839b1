//! Tenant descriptors and connections: pools of every tenant under one budget

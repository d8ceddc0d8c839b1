//! Typed ids, clock, roles, names and cursors: what every part of Tenantry means by a word

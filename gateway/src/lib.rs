//! The only public door: host to tenant, token, limits, routing, API documents

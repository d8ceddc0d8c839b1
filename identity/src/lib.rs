//! People, organizations, sessions, invitations and their mail

drop table passkeys, recovery_codes, totp_devices;

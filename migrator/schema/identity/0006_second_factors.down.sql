drop table second_factor_attempts, passkeys, recovery_codes, totp_devices;

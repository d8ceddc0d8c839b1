drop table known_devices, letters, avatars;

//! One main for every service: settings, telemetry, listeners, health and drain

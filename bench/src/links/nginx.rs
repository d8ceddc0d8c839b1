//! What one would do instead: nginx with a fixed redirect, and nginx in front of it.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::net::TcpStream;

use super::cpu::Processes;

/// A running nginx.
pub(super) struct Nginx {
    pub(super) address: SocketAddr,
    process: Child,
    folder: PathBuf,
}

impl Nginx {
    /// Answers every request with a redirect.
    pub(super) async fn redirecting(target: &str) -> anyhow::Result<Self> {
        Self::start("", &format!("return 302 {target};")).await
    }

    /// Passes every request on, over connections it keeps.
    pub(super) async fn proxying(upstream: SocketAddr) -> anyhow::Result<Self> {
        let behind = format!("upstream behind {{ server {upstream}; keepalive 128; }}");
        let pass = "proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection \"\"; \
            proxy_set_header Host $host; proxy_redirect off;";
        Self::start(&behind, pass).await
    }

    pub(super) fn processes(&self) -> Processes {
        Processes {
            first: self.process.id(),
            with_children: true,
        }
    }

    async fn start(upstream: &str, location: &str) -> anyhow::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = std::env::temp_dir().join(testkit::unique("nginx-"));
        std::fs::create_dir(&folder)?;
        let folder_text = folder.display();
        let settings = format!(
            "daemon off; worker_processes 2; pid {folder_text}/pid; error_log {folder_text}/error.log crit;
             events {{ worker_connections 1024; }}
             http {{
                 access_log off; keepalive_requests 100000000; client_body_temp_path {folder_text}/body;
                 proxy_temp_path {folder_text}/proxy; fastcgi_temp_path {folder_text}/fastcgi;
                 uwsgi_temp_path {folder_text}/uwsgi; scgi_temp_path {folder_text}/scgi;
                 {upstream}
                 server {{ listen {address}; location / {{ {location} }} }}
             }}"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, settings)?;
        let process = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .context("start nginx: install it with your distribution's package manager")?;
        let nginx = Self {
            address,
            process,
            folder,
        };
        for _ in 0..200 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(nginx);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        ensure!(false, "nginx does not answer");
        Ok(nginx)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end when their master is gone.
        let quit = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        if quit.is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

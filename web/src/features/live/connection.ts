// The connection on which the gateway tells what happens (docs/LIVE.md). One for the page; it is opened by the first room.
import { io, type Socket } from "socket.io-client";

import { leave } from "~/cache";
import { renew } from "~/lib/api/client";

/** Pause before coming back after having been too much for the server. */
const PAUSE_MS = 5000;

let socket: Socket | null = null;

export function connection(): Socket {
  if (socket) return socket;
  const made = io({ transports: ["websocket"] });
  socket = made;
  made.on("live:expiring", () => void again(made));
  made.on("live:closed", ({ code }: { code: string }) => closed(made, code));
  made.on("connect_error", () => void renew().then((alive) => alive || leave(), () => undefined));
  return made;
}

function closed(socket: Socket, code: string): void {
  if (code === "session_revoked" || code === "member_left") leave();
  else if (code === "organization_closed") location.reload();
  else if (code === "token_expired" || code === "rights_changed") void again(socket);
  else setTimeout(() => socket.connect(), PAUSE_MS);
}

/** The session's new token counts for a new connection. */
async function again(socket: Socket): Promise<void> {
  const alive = await renew().catch(() => true);
  if (!alive) return leave();
  socket.disconnect().connect();
}

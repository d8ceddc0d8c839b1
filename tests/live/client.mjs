// Joins a room and tells as lines of JSON what it hears: client.mjs <url> <room> <transports>, TOKEN in the
// environment. Every name is this machine's. Ends after the event with the version 3.
import dns from "node:dns";
import { io } from "socket.io-client";

dns.lookup = (_name, options, found) => {
  const here = { address: "127.0.0.1", family: 4 };
  return options.all ? found(null, [here]) : found(null, here.address, here.family);
};

const [url, room, transports] = process.argv.slice(2);
const tell = (line) => console.log(JSON.stringify(line));
const socket = io(url, {
  transports: transports.split(","),
  extraHeaders: { authorization: `Bearer ${process.env.TOKEN}` },
});

socket.on("connect", async () => tell({ joined: await socket.emitWithAck("join", { room }) }));
socket.on("connect_error", (error) => tell({ failed: error.message, why: String(error.description ?? error.context) }));
socket.onAny((name, body) => {
  if (name === "welcome") return;
  tell({ name, body });
  if (body.data?.version === 3) socket.disconnect();
});

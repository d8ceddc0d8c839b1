// Accepts an invitation. Its token stands behind the `#` of the mail's link, so that no server logs it.
import { byId, call, onSubmit, say } from "./api.js";

const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";

onSubmit("accept", async ({ name, password }) => {
  await call("POST", "/invitations/accept", { token, name, password });
  location.replace("/");
});

try {
  const invitation = await call("POST", "/invitations/preview", { token });
  byId("invitation").textContent = `Join ${invitation.organization} as ${invitation.role}`;
  const password = byId("accept").elements.password;
  password.autocomplete = invitation.has_account ? "current-password" : "new-password";
  byId("accept").hidden = false;
} catch (error) {
  say(error.status === 404 || error.status === 422 ? "This invitation does not exist, or no longer." : error.message);
}

// Signs an organization up. Its address is a host of its own, so the owner signs in there once more.
import { byId, call, onSubmit } from "./api.js";

onSubmit("signup", async ({ name, subdomain, owner, email, password }, form) => {
  const answer = await call("POST", "/organizations", { name, subdomain, owner: { name: owner, email, password } });
  const address = byId("address");
  address.href = address.textContent = answer.organization.url;
  form.hidden = true;
  byId("done").hidden = false;
  address.focus();
});

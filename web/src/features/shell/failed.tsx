import { t } from "~/lib/i18n";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/notice";

/** What stands where something could not be read. */
export function Failed({ error, again }: { error: Error; again: () => unknown }) {
  return (
    <Empty title={t.shell.failed} action={<Button onClick={() => void again()}>{t.common.again}</Button>}>
      {error.message}
    </Empty>
  );
}

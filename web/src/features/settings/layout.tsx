// The settings: their own navigation, and one section beside it.
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { ChevronDown } from "lucide-react";
import { useEffect } from "react";

import { useMe } from "~/features/session/queries";
import { Button } from "~/ui/button";
import { Menu, MenuItem, MenuLabel } from "~/ui/menu";
import { Empty } from "~/ui/notice";

import { opens, ORGANIZATION, PERSONAL, sectionAt, type Section } from "./sections";
import { w } from "./words";

type Group = { title: string; sections: Section[] };

function useGroups(): Group[] {
  const { permissions } = useMe();
  return [
    { title: w.groups.personal, sections: PERSONAL.filter((section) => opens(section, permissions)) },
    { title: w.groups.organization, sections: ORGANIZATION.filter((section) => opens(section, permissions)) },
  ].filter((group) => group.sections.length > 0);
}

export function Settings() {
  const { pathname } = useLocation();
  const { permissions } = useMe();
  const groups = useGroups();
  const section = sectionAt(pathname);
  useEffect(() => {
    document.title = `${section ? w.sections[section.name] : w.title} · Tenantry`;
  }, [section]);
  return (
    <div className="h-full overflow-y-auto px-4 pt-6 pb-24 md:px-8">
      <div className="mx-auto grid max-w-5xl gap-x-10 gap-y-4 lg:grid-cols-[11rem_minmax(0,1fr)]">
        <Beside groups={groups} />
        <Above groups={groups} section={section} />
        <div className="min-w-0">
          {section && !opens(section, permissions)
            ? <><h1 className="text-2xl font-semibold">{w.sections[section.name]}</h1><Empty title={w.notYours}>{w.notYoursHint}</Empty></>
            : <Outlet />}
        </div>
      </div>
    </div>
  );
}

/** Where there is room, all sections beside the one that is shown. */
function Beside({ groups }: { groups: Group[] }) {
  return (
    <nav aria-label={w.title} className="hidden content-start gap-4 lg:grid">
      {groups.map((group) => (
        <div key={group.title}>
          <h2 className="px-2 pb-1 text-xs font-semibold text-ink-2">{group.title}</h2>
          <ul className="grid gap-0.5">
            {group.sections.map(({ path, name }) => (
              <li key={path}>
                <Link to={path} activeOptions={{ includeSearch: false }}
                  className="flex min-h-8 items-center rounded-lg px-2 text-ink-2 hover:bg-sunken hover:text-ink aria-[current=page]:bg-sunken aria-[current=page]:font-medium aria-[current=page]:text-ink">
                  {w.sections[name]}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** Where there is none, a menu of them. */
function Above({ groups, section }: { groups: Group[]; section: Section | undefined }) {
  const navigate = useNavigate();
  return (
    <nav aria-label={w.title} className="lg:hidden">
      <Menu trigger={<Button className="w-full justify-between!">{section ? w.sections[section.name] : w.title}<ChevronDown size={14} aria-hidden /></Button>}>
        {groups.map((group) => (
          <div key={group.title}>
            <MenuLabel>{group.title}</MenuLabel>
            {group.sections.map(({ path, name }) => (
              <MenuItem key={path} chosen={section?.path === path} onSelect={() => void navigate({ to: path })}>{w.sections[name]}</MenuItem>
            ))}
          </div>
        ))}
      </Menu>
    </nav>
  );
}

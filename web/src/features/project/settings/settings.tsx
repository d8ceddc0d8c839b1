// What a project is called, who is in it, its labels, and its end.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useEffect } from "react";

import { Failed } from "~/features/shell/failed";
import { ProjectSign } from "~/features/shell/navigation";
import { Notice, Skeleton } from "~/ui/notice";

import { projectQuery } from "../queries";
import { useManages } from "../rights";
import { Ending } from "./ending";
import { General } from "./general";
import { Labels } from "./labels";
import { Members } from "./members";
import { w } from "./words";

const route = getRouteApi("/frame/projects/$projectId/settings");

export function ProjectSettings() {
  const { projectId } = route.useParams();
  const { data: project, error, refetch } = useQuery(projectQuery(projectId));
  const manages = useManages(project);
  const editable = manages && !project?.archived_at;
  useEffect(() => {
    document.title = `${w.title} · Tenantry`;
  }, []);
  if (error && !project) return <Failed error={error} again={refetch} />;
  return (
    <div className="h-full overflow-y-auto px-4 py-6 md:px-8">
      <div className="mx-auto grid max-w-3xl gap-8">
        <header className="grid gap-1">
          <Link to="/projects/$projectId" params={{ projectId }} className="flex w-fit items-center gap-1.5 rounded-lg text-sm text-ink-2 hover:text-ink"><ArrowLeft size={14} aria-hidden />{w.back}</Link>
          <h1 className="flex items-center gap-2.5 text-2xl font-semibold"><ProjectSign color={project?.color} />{project ? <span className="min-w-0 truncate">{project.name}</span> : <Skeleton className="h-7 w-48" />}</h1>
          <p className="text-ink-2">{w.title}</p>
        </header>
        {!project && <><Skeleton className="h-72" /><Skeleton className="h-40" /></>}
        {project && (
          <>
            {!manages && <Notice kind="calm">{w.readOnly}</Notice>}
            <General key={project.version} project={project} editable={editable} />
            <Labels projectId={projectId} editable={editable} />
            <Members project={project} editable={editable} />
            {manages && <Ending project={project} />}
          </>
        )}
      </div>
    </div>
  );
}

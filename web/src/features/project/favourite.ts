import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, ask, whole, type Schemas } from "~/lib/api/client";
import { toast } from "~/ui/toasts";

type Kind = Schemas["FavouriteKind"];

export const favouritesQuery = queryOptions({
  queryKey: ["favourites"],
  queryFn: ({ signal }) =>
    whole((cursor) => ask(api.GET("/api/v1/favourites", { params: { query: { limit: 200, ...(cursor && { cursor }) } }, signal }))),
  staleTime: 60_000,
});

/** Whether one keeps a thing at hand, and the way to change that. */
export function useFavourite(kind: Kind, id: string): { favourite: boolean; change: () => void } {
  const cache = useQueryClient();
  const { data = [] } = useQuery(favouritesQuery);
  const favourite = data.some((kept) => kept.kind === kind && kept.id === id);
  const { mutate } = useMutation({
    mutationFn: () => {
      const params = { params: { path: { kind, id } } };
      return ask(favourite ? api.DELETE("/api/v1/favourites/{kind}/{id}", params) : api.PUT("/api/v1/favourites/{kind}/{id}", params));
    },
    onError: toast.failed,
    onSettled: () => cache.invalidateQueries({ queryKey: favouritesQuery.queryKey }),
  });
  return { favourite, change: () => mutate() };
}

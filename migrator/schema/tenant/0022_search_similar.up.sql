-- Titles that come near: only those the person may see, and no more of them than are needed.

create function search_similar(question text, projects uuid[]) returns table (thing_id uuid, score real)
language plpgsql stable rows 200
-- The planner takes comparing words for as cheap as comparing numbers.
set enable_seqscan = off as $$
declare
    nearness real;
begin
    -- The near ones first, and not all of them: a word that stands everywhere would have every title compared.
    foreach nearness in array array[0.4, 0.25] loop
        perform set_config('pg_trgm.word_similarity_threshold', nearness::text, true);
        return query with near as materialized (
            select d.thing_id, d.title from public.search_documents d
            where d.project_id = any(projects) and question <% d.title limit 1000
        ), scored as (
            select n.thing_id, word_similarity(question, n.title) as score from near n
            order by score desc, n.thing_id desc limit 200
        )
        -- Two letters in the wrong order leave little in common: what is far behind the best is chance.
        select s.thing_id, s.score from scored s where s.score >= 0.8 * (select max(b.score) from scored b);
        exit when found;
    end loop;
end
$$;
comment on function search_similar(text, uuid[]) is 'Titles in these projects that a mistyped question may have meant';

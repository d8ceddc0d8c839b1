-- Questions people keep, and what full text is found in.

create table views (
    id uuid primary key,
    project_id uuid references projects (id) on delete cascade,
    owner_id uuid not null references people (id),
    name text not null check (char_length(name) between 1 and 100),
    filter text not null default '' check (char_length(filter) <= 2000),
    sort text not null default '' check (char_length(sort) <= 100),
    layout text not null default 'list' check (layout in ('list', 'board', 'table', 'calendar')),
    settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
    shared boolean not null default false,
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table views is 'Saved filters; project_id null where they look over all projects; shared with whoever sees the project';
create index views_page on views (name, id);
create index views_of_project on views (project_id, name, id) where project_id is not null;
create index views_by_owner on views (owner_id);

create extension if not exists pg_trgm;

create function search_plain(text text) returns text
language plpgsql immutable strict parallel safe as $$
declare
    plain text := lower(text);
    symbol text;
begin
    if octet_length(text) <> char_length(text) then
        -- Marks over and under letters go, compatible forms become one: café and cafe, ｆｕｌｌ and full.
        plain := regexp_replace(normalize(plain, NFKD),
            '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u200b-\u200d\ufe00-\ufe0f]', '', 'g');
        plain := lower(normalize(plain, NFKC));
        plain := regexp_replace(plain, '[\u2000-\u206f\u3000-\u3004\u3008-\u303f]', ' ', 'g');
        -- Scripts without blanks between words: each sign is a word, and words side by side are a phrase.
        plain := regexp_replace(plain,
            '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])',
            ' \1 ', 'g');
        -- The parser of full text drops symbols: each becomes a word of letters.
        for symbol in
            select distinct sign[1] from regexp_matches(plain, '[\u2190-\u2bff\U0001f000-\U0001faff]', 'g') as sign
        loop
            plain := replace(plain, symbol, ' u' || to_hex(ascii(symbol)) || ' ');
        end loop;
    end if;
    -- Else the parser would see addresses, paths and numbers with signs as one word each.
    return translate(plain, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32));
end
$$;
comment on function search_plain is 'Text as full text search compares it, in every script: for documents and for questions';

create function search_words(title text, body text) returns tsvector
language sql immutable parallel safe as $$
    select setweight(to_tsvector('simple', public.search_plain(coalesce(title, ''))), 'A')
        || setweight(to_tsvector('simple', public.search_plain(left(coalesce(body, ''), 50000))), 'B')
$$;
comment on function search_words is 'What a document is found by; its title counts more';

create function search_query(text text, prefix boolean) returns tsquery
language plpgsql immutable strict parallel safe as $$
declare
    question tsquery := '';
    word text;
    phrase tsquery;
begin
    if not prefix then
        return phraseto_tsquery('simple', public.search_plain(text));
    end if;
    foreach word in array regexp_split_to_array(text, '\s+') loop
        phrase := phraseto_tsquery('simple', public.search_plain(word));
        if numnode(phrase) > 0 then
            phrase := (phrase::text || ':*')::tsquery;
            question := case when numnode(question) = 0 then phrase else question && phrase end;
        end if;
    end loop;
    return question;
end
$$;
comment on function search_query is 'All words of a text, each as a beginning; without prefix the text as one phrase';

create table search_documents (
    thing_id uuid primary key,
    kind text not null check (kind in ('task', 'comment', 'project')),
    project_id uuid not null references projects (id) on delete cascade,
    task_id uuid references tasks (id) on delete cascade,
    title text,
    words tsvector not null
);
comment on table search_documents is 'What full text search finds, kept by triggers; things in the trash stay and are passed over';
create index search_documents_by_word on search_documents using gin (words);
create index search_documents_by_title on search_documents using gin (title gin_trgm_ops) where title is not null;
create index search_documents_of_project on search_documents (project_id);
create index search_documents_of_task on search_documents (task_id) where task_id is not null;

create function search_similar(question text) returns table (thing_id uuid, score real)
language sql stable parallel safe rows 200 set pg_trgm.word_similarity_threshold = 0.25 as $$
    with near as (
        select d.thing_id, word_similarity(question, d.title) as score from public.search_documents d
        where question <% d.title order by score desc, d.thing_id desc limit 200
    )
    -- Two letters in the wrong order leave little in common: what is far behind the best is chance.
    select n.thing_id, n.score from near n where n.score >= 0.8 * (select max(b.score) from near b)
$$;
comment on function search_similar is 'Titles that a mistyped question may have meant';

create function search_note_task() returns trigger language plpgsql as $$
begin
    insert into public.search_documents (thing_id, kind, project_id, task_id, title, words)
    values (new.id, 'task', new.project_id, new.id, new.title, public.search_words(new.title, new.description))
    on conflict (thing_id) do update
    set project_id = excluded.project_id, title = excluded.title, words = excluded.words;
    if tg_op = 'UPDATE' and new.project_id <> old.project_id then
        update public.search_documents set project_id = new.project_id where task_id = new.id;
    end if;
    return null;
end
$$;
create trigger search_new after insert on tasks for each row execute function search_note_task();
create trigger search_changed after update of title, description, project_id on tasks for each row
    when (old.title <> new.title or old.description <> new.description or old.project_id <> new.project_id)
    execute function search_note_task();

create function search_note_comment() returns trigger language plpgsql as $$
begin
    if new.deleted_at is not null then
        delete from public.search_documents where thing_id = new.id;
    else
        insert into public.search_documents (thing_id, kind, project_id, task_id, words)
        values (new.id, 'comment',
            coalesce(new.project_id, (select t.project_id from public.tasks t where t.id = new.task_id)), new.task_id,
            public.search_words(null, new.body))
        on conflict (thing_id) do update set words = excluded.words;
    end if;
    return null;
end
$$;
create trigger search_new after insert on comments for each row execute function search_note_comment();
create trigger search_changed after update of body, deleted_at on comments for each row
    when (old.body <> new.body or old.deleted_at is distinct from new.deleted_at)
    execute function search_note_comment();
create function search_forget() returns trigger language plpgsql as $$
begin
    delete from public.search_documents where thing_id = old.id;
    return null;
end
$$;
create trigger search_gone after delete on comments for each row execute function search_forget();

create function search_note_project() returns trigger language plpgsql as $$
begin
    insert into public.search_documents (thing_id, kind, project_id, title, words)
    values (new.id, 'project', new.id, new.name, public.search_words(new.key || ' ' || new.name, new.description))
    on conflict (thing_id) do update set title = excluded.title, words = excluded.words;
    return null;
end
$$;
create trigger search_new after insert on projects for each row execute function search_note_project();
create trigger search_changed after update of key, name, description on projects for each row
    when (old.key <> new.key or old.name <> new.name or old.description <> new.description)
    execute function search_note_project();

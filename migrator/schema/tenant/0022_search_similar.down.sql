drop function search_similar(text, uuid[]);

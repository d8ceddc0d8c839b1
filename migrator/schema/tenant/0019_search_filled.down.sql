delete from search_documents where true;

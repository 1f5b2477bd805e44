-- The substrings of one to three characters of what a request is searched by,
-- each a token of its own, and its tenant: by the seq of the request.
CREATE VIRTUAL TABLE request_grams USING fts5 (grams, content = '', detail = none, columnsize = 0);

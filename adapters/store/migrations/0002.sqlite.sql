INSERT INTO request_texts (tenant, block, seqs, texts)
SELECT tenant, block, string_agg(printf('%016x', seq), '' ORDER BY seq), string_agg(search || char(30), '' ORDER BY seq)
FROM (SELECT tenant, seq, search, (ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY seq) - 1) / 128 AS block FROM requests)
GROUP BY tenant, block;

-- The texts that are searched, in the order of lists: for a search that so many
-- requests fit that looking at each through request_grams would cost more.
CREATE INDEX requests_search ON requests (tenant, seq, search);

-- How often a one-time password was sent again, and when last.
ALTER TABLE subjects ADD COLUMN resends BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN resent BIGINT NOT NULL DEFAULT 0;

-- What is left to send: few rows at any time.
CREATE INDEX subjects_unsent ON subjects (otp_until) WHERE notified = 0 AND otp IS NOT NULL;

-- The texts that requests are searched by once more, those of 128 together in the
-- order of their insertion, for searches that many of them fit: each text with
-- U+001E behind it, and for each its seq in 16 hexadecimal digits.
CREATE TABLE request_texts (
	tenant TEXT NOT NULL,
	block  BIGINT NOT NULL,
	seqs   TEXT NOT NULL,
	texts  TEXT NOT NULL,
	PRIMARY KEY (tenant, block)
);

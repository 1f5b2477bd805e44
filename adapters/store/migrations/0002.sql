-- How often a one-time password was sent again, and when last.
ALTER TABLE subjects ADD COLUMN resends BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subjects ADD COLUMN resent BIGINT NOT NULL DEFAULT 0;

-- What is left to send: few rows at any time.
CREATE INDEX subjects_unsent ON subjects (otp_until) WHERE notified = 0 AND otp IS NOT NULL;

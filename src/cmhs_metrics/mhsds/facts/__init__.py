"""The facts that measures are counted from: one row a referral, contact, referral-spell or admission."""

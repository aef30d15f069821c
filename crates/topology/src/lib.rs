//! What an administrator declares: sites, hosts, pools, stores, shares; parsed, checked, compared.

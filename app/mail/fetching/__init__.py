"""Mail that we go and get: from mailboxes at other servers, mail by mail, each with the cursor in one commit."""

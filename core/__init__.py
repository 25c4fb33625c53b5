"""The ground floor: errors, time, money, ids, text, people, transactions, events and jobs. Imports nothing of ours."""

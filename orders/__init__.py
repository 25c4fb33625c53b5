"""The record of what was bought: facts from every platform folded into one order."""

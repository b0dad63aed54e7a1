"""The words of the project's own notebooks: frames of estimates to headlines, exhibits, prose.

They select and phrase; they compute no statistic. Every number in a headline, a title or an
alternative text comes from a frame, and what a title claims follows from the labels in it.
"""

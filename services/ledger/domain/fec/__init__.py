"""The « fichier des écritures comptables » (LPF L47 A, A47 A-1): how the book writes it, and how anyone's is checked, line by line."""

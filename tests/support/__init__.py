"""What several tests share. Each module imports only what it needs: a test of arithmetic loads no engine."""

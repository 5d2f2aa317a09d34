# One image for web, worker, courier, sealer and manage. PostgreSQL is named by DATABASE_URL (owner) and DATABASE_WEB_URL (role xinglin_web); state and secrets live in
# /var/lib/xinglin. It listens at 0.0.0.0, so it starts only behind a proxy that speaks TLS: XINGLIN_HTTPS=1, XINGLIN_PROXIES=1, XINGLIN_HOSTS
# (docs/how-to/configure.md). Pin the base image by the digest that your registry has scanned.
FROM python:3.12-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/xinglin xinglin
WORKDIR /srv/xinglin/current
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY manage.py pyproject.toml LICENSE NOTICE ./
COPY alliance alliance
COPY consent consent
COPY records records
COPY tools tools
ENV PYTHONUNBUFFERED=1 XINGLIN_HOME=/var/lib/xinglin XINGLIN_BIND=0.0.0.0 PORT=8000
USER 10001
VOLUME /var/lib/xinglin
EXPOSE 8000
# Of this process alone, not of the database behind it: readyz would have every container ended while the database moves. Who routes asks /readyz.
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["python", "manage.py"]
CMD ["serve"]

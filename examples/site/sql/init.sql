-- Run once, before the server listens. The seed files are small, so they are loaded afresh at every start.

CREATE OR REPLACE TABLE employees AS
SELECT employee_id, name, title, department, email, manager_id, hired_on, salary, ssn
FROM read_csv('data/seed/employees.csv', types = {'ssn': 'VARCHAR', 'salary': 'INTEGER', 'hired_on': 'DATE'});

CREATE OR REPLACE TABLE handbook AS
SELECT topic, title, text FROM read_csv('data/seed/handbook.csv');

CREATE OR REPLACE TABLE customers AS
FROM read_csv('data/seed/customers.csv');

CREATE OR REPLACE TABLE products AS
FROM read_csv('data/seed/products.csv', types = {'list_price': 'DECIMAL(12,2)', 'unit_cost': 'DECIMAL(12,2)'});

CREATE OR REPLACE TABLE orders AS
FROM read_csv('data/seed/orders.csv', types = {'ordered_on': 'DATE'});

CREATE OR REPLACE TABLE order_lines AS
FROM read_csv('data/seed/order_lines.csv', types = {'unit_price': 'DECIMAL(12,2)'});

CREATE OR REPLACE TABLE earthquakes AS
FROM read_csv('data/seed/earthquakes.csv', types = {'occurred_at': 'TIMESTAMPTZ'});

CREATE TABLE IF NOT EXISTS order_notes (
  note_id    INTEGER PRIMARY KEY,
  order_id   BIGINT NOT NULL,
  written_by VARCHAR NOT NULL,
  note       VARCHAR NOT NULL
);
CREATE SEQUENCE IF NOT EXISTS order_note_ids;

CREATE OR REPLACE VIEW staff AS
SELECT e.*, m.name AS manager, m.email AS manager_email
FROM employees e LEFT JOIN employees m ON m.employee_id = e.manager_id;

CREATE OR REPLACE VIEW order_totals AS
SELECT o.order_id,
       o.ordered_on,
       o.status,
       c.customer_id,
       c.name AS customer,
       c.kind AS customer_kind,
       c.region,
       sum(l.quantity * l.unit_price)::DECIMAL(12,2) AS total,
       sum(l.quantity * (l.unit_price - p.unit_cost))::DECIMAL(12,2) AS margin
FROM orders o
JOIN customers c USING (customer_id)
JOIN order_lines l USING (order_id)
JOIN products p USING (sku)
GROUP BY ALL;

-- Great-circle distance in kilometres.
CREATE OR REPLACE MACRO distance_km(lat1, lon1, lat2, lon2) AS
  12742 * asin(sqrt(pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)));

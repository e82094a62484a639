SELECT employee_id, name, title, department, email, manager, manager_email, hired_on, salary, ssn
FROM staff
WHERE employee_id = $employee_id

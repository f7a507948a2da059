module user

go 1.19

// RolecallAPI

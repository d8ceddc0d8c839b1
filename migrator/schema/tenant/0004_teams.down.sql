drop table team_members, teams;

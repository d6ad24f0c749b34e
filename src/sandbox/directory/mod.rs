//! The apps and users of the sandbox.

mod account;
mod person;

pub(super) use self::account::Account;
pub(super) use self::person::{Person, PersonId};

use std::collections::BTreeMap;

use super::account_type::AccountType;
use crate::app::{AppConfig, AppId};
use crate::callback::Mode;
use crate::error::ErrCode;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct Directory {
    accounts: BTreeMap<AppId, Account>,
    first: AppId,
    people: Vec<Person>,
}

impl Directory {
    pub(super) fn new(appid: &'static str, mode: Mode) -> Self {
        let first = AppId::known(appid);
        let accounts = BTreeMap::from([(first.clone(), Account::new(&first, mode))]);
        Self {
            accounts,
            first,
            people: vec![Person::new("Hui🐠")],
        }
    }

    pub(super) fn first_app(&self) -> AppId {
        self.first.clone()
    }

    pub(super) fn add_app(&mut self, appid: AppId, mode: Mode) {
        self.accounts
            .insert(appid.clone(), Account::new(&appid, mode));
    }

    pub(super) fn app_configs(&self) -> Vec<AppConfig> {
        self.accounts
            .iter()
            .map(|(appid, account)| account.config(appid))
            .collect()
    }

    pub(super) fn app_config(&self, appid: &AppId) -> Option<AppConfig> {
        Some(self.account(appid.as_str())?.config(appid))
    }

    pub(super) fn account(&self, appid: &str) -> Option<&Account> {
        self.accounts.get(appid)
    }

    pub(super) fn account_mut(&mut self, appid: &AppId) -> Option<&mut Account> {
        self.accounts.get_mut(appid)
    }

    /// Returns the type of an account, if one is set.
    pub(super) fn account_type(&self, appid: &str) -> Option<AccountType> {
        self.account(appid)?.account_type
    }

    /// Checks an app's id and secret. The order of the checks is the same for every endpoint.
    pub(super) fn check_secret(
        &self,
        appid: Option<&str>,
        secret: Option<&str>,
    ) -> Result<AppId, ErrCode> {
        let appid = appid
            .filter(|appid| !appid.is_empty())
            .ok_or(ErrCode::MISSING_APPID)?;
        let (appid, account) = self
            .accounts
            .get_key_value(appid)
            .ok_or(ErrCode::INVALID_APPID)?;
        let secret = secret.filter(|secret| !secret.is_empty());
        let secret = secret.ok_or(ErrCode::MISSING_APP_SECRET)?;
        if account.secret != Secret::new(secret) {
            return Err(ErrCode::INVALID_APP_SECRET);
        }
        Ok(appid.clone())
    }

    /// Returns the secrets of all accounts.
    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> {
        self.accounts.values().flat_map(Account::secrets)
    }

    /// Returns the user with a nickname. Creates one if there is none.
    pub(super) fn user(&mut self, nickname: &str) -> PersonId {
        let known = self
            .people
            .iter()
            .position(|person| person.nickname == nickname);
        let index = known.unwrap_or_else(|| {
            self.people.push(Person::new(nickname));
            self.people.len() - 1
        });
        PersonId(index)
    }

    /// Finds a user by nickname or OpenID.
    pub(super) fn find_user(&self, name: &str) -> Option<PersonId> {
        let is_meant = |person: &Person| person.nickname == name || person.has_openid(name);
        self.people.iter().position(is_meant).map(PersonId)
    }

    /// Finds a user by the OpenID for an app.
    pub(super) fn find_openid(&self, appid: &AppId, openid: &str) -> Result<PersonId, ErrCode> {
        let mut people = self.people.iter();
        let index = people.position(|person| person.is_known_as(openid, appid));
        index.map(PersonId).ok_or(ErrCode::INVALID_OPENID)
    }

    /// Returns the number of users.
    pub(super) fn population(&self) -> usize {
        self.people.len()
    }

    pub(super) fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(id.0)
    }

    pub(super) fn person_mut(&mut self, id: PersonId) -> Option<&mut Person> {
        self.people.get_mut(id.0)
    }

    /// Returns the OpenIDs of the users who follow an app.
    pub(super) fn followers(&mut self, appid: &AppId) -> Vec<String> {
        let people = self.people.iter_mut();
        let followers = people.filter(|person| person.follows(appid));
        followers.map(|person| person.openid(appid)).collect()
    }
}

// The herd with wechat-api.
'use strict';

const { promisify } = require('util');
const API = require('wechat-api');
const { herd, upstream } = require('./herd');

const api = new API('wx3cc8fd6963e31a32', 'secret');
api.endpoint = upstream;

herd({
  token: promisify(api.getLatestToken.bind(api)),
  call: promisify(api.getIp.bind(api)),
});

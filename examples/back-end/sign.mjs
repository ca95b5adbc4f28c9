// Prints a token of a user: node sign.mjs USER [admin].
import { createHmac } from 'node:crypto';

/** sign returns a token that tells Parley who the caller is. */
export function sign(user, admin = false, seconds = 3600) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: user, admin, exp })}`;
  const signature = createHmac('sha256', process.env.PARLEY_JWT_SECRET).update(signed).digest('base64url');
  return `${signed}.${signature}`;
}

if (process.argv[1] === import.meta.filename) {
  const [user, role] = process.argv.slice(2);
  console.log(sign(user, role === 'admin'));
}

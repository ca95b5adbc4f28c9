import { Button, ButtonGroup, ChevronDownIcon, CloseIcon, DropdownMenu, pick, UnStyledButton, useGraphiQL, useGraphiQLActions, useHeadersEditorState } from '@graphiql/react';
import { type FormEvent, useEffect, useReducer, useState, useSyncExternalStore } from 'react';
import type { Config } from './config';
import { type Example, examples } from './examples';
import { post } from './http';
import type { Refusals } from './refusals';
import type { Runs } from './runs';
import type { Session } from './session';
import { knownPeople, signIn } from './signIn';
import type { Streams } from './streams';
import { useTabLabels } from './tabLabels';
import { authorizationOf, type Person, parseHeaders, personOf, withAuthorization } from './token';

interface Props {
  config: Config;
  runs: Runs;
  streams: Streams;
  refusals: Refusals;
  session: Session;
  /** Whether the pane with all subscriptions is open. */
  live: boolean;
  setLive: (live: boolean) => void;
}

/** The bar above GraphiQL: the user of the active tab, sign-in, the subscriptions and the examples. */
export function Bar({ config, runs, streams, refusals, session, live, setLive }: Props) {
  const [headers, setHeaders] = useHeadersEditorState();
  const authorization = authorizationOf(parseHeaders(headers));
  const person = personOf(authorization);
  useSyncExternalStore(refusals.subscribe, refusals.count);
  const running = useSyncExternalStore(streams.subscribe, streams.list).length;
  useRenderAt(person?.expires);
  useTabLabels(runs);

  return (
    <header className="parley-bar">
      <h1 className="parley-brand">Parley</h1>
      {config.signIn && <SignIn endpoint={config.endpoint} session={session} person={person} headers={headers} setHeaders={setHeaders} />}
      <Who
        authorization={authorization}
        person={person}
        refused={refusals.has(authorization)}
        signOut={() => setHeaders(withAuthorization(headers, undefined))}
      />
      {running > 0 && (
        <Button type="button" className={live ? 'active' : undefined} aria-pressed={live} onClick={() => setLive(!live)}>
          Live: {running}
        </Button>
      )}
      <a className="parley-app" href="/app">
        Chat
      </a>
      <Examples endpoint={config.endpoint} session={session} headers={headers} person={person} />
    </header>
  );
}

interface WhoProps {
  authorization: string | undefined;
  person: Person | undefined;
  refused: boolean;
  signOut: () => void;
}

function Who({ authorization, person, refused, signOut }: WhoProps) {
  const expired = person?.expires !== undefined && person.expires <= Date.now();
  const problem = refused ? 'refused' : expired ? 'expired' : undefined;
  const until = person?.expires === undefined ? '' : `, until ${new Date(person.expires).toLocaleString()}`;
  return (
    <div className="parley-who" data-problem={problem}>
      <span role="status">
        <span className="parley-who-label">This tab: </span>
        {authorization === undefined ? (
          'nobody'
        ) : (
          <b title={person && `${person.id}${until}`}>{person?.name ?? 'a token of yours'}</b>
        )}
        {problem && `, ${problem}`}
      </span>
      {authorization !== undefined && (
        <UnStyledButton type="button" className="parley-sign-out" aria-label="Sign this tab out" title="Sign this tab out" onClick={signOut}>
          <CloseIcon aria-hidden="true" />
        </UnStyledButton>
      )}
    </div>
  );
}

interface SignInProps {
  endpoint: string;
  session: Session;
  person: Person | undefined;
  headers: string;
  setHeaders: (text: string) => void;
}

function SignIn({ endpoint, session, person, headers, setHeaders }: SignInProps) {
  const { introspect, updateActiveTabValues } = useGraphiQLActions();
  const hasSchema = useGraphiQL((state) => Boolean(state.schema));
  const [problem, setProblem] = useState('');
  const [other, setOther] = useState('');

  async function enter(userId: string, nickName?: string): Promise<boolean> {
    const tab = session.activeTab();
    setProblem('');
    try {
      const authorization = await signIn(endpoint, userId, nickName);
      if (tab !== session.activeTab()) {
        return true; // Another tab is active now, which has another user.
      }
      const text = withAuthorization(headers, authorization);
      setHeaders(text);
      updateActiveTabValues({ headers: text });
      if (!hasSchema) {
        void introspect();
      }
      return true;
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async function enterOther(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (other !== '' && (await enter(other))) {
      setOther('');
    }
  }

  return (
    <div className="parley-sign-in" role="group" aria-labelledby="parley-sign-in-label">
      <span id="parley-sign-in-label">Sign in as</span>
      <ButtonGroup>
        {knownPeople.map(({ id, nickName }) => (
          <Button
            key={id}
            type="button"
            className={person?.id === id ? 'active' : undefined}
            aria-pressed={person?.id === id}
            onClick={() => void enter(id, nickName)}
          >
            {nickName}
          </Button>
        ))}
      </ButtonGroup>
      <form onSubmit={(event) => void enterOther(event)}>
        <input
          value={other}
          onChange={(event) => setOther(event.target.value)}
          aria-label="Sign in with another id"
          placeholder="another id"
          maxLength={128}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
        />
        <Button type="submit">Go</Button>
      </form>
      {problem !== '' && (
        <span role="alert" className="parley-problem" title={problem}>
          {problem}
        </span>
      )}
    </div>
  );
}

interface ExamplesProps {
  endpoint: string;
  session: Session;
  headers: string;
  person: Person | undefined;
}

function Examples({ endpoint, session, headers, person }: ExamplesProps) {
  const { addTab, updateActiveTabValues } = useGraphiQLActions();
  const { queryEditor, variableEditor, headerEditor } = useGraphiQL(pick('queryEditor', 'variableEditor', 'headerEditor'));

  /** Opens an example in a new tab of the same user, or in this tab if it is empty. */
  async function open({ query, variables }: Example): Promise<void> {
    const roomId = person === undefined ? '' : await latestRoom(endpoint, headers);
    const others = session.state.tabs
      .map((tab) => personOf(authorizationOf(parseHeaders(tab.headers)))?.id)
      .filter((id) => id !== undefined && id !== person?.id) as string[];
    const values = {
      query,
      variables: variables ? JSON.stringify(variables({ others: [...new Set(others)], roomId }), null, 2) : '',
      headers,
    };
    if (queryEditor?.getValue().trim() !== '') {
      addTab();
    }
    queryEditor?.setValue(values.query);
    variableEditor?.setValue(values.variables);
    headerEditor?.setValue(values.headers);
    updateActiveTabValues(values);
  }

  return (
    <DropdownMenu>
      <DropdownMenu.Button className="graphiql-button parley-examples">
        Examples
        <ChevronDownIcon aria-hidden="true" />
      </DropdownMenu.Button>
      <DropdownMenu.Content align="end" className="parley-examples-list">
        {examples.map((example) => (
          <DropdownMenu.Item key={example.title} onSelect={() => void open(example)}>
            {example.title}
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}

async function latestRoom(endpoint: string, headers: string): Promise<string> {
  const { data } = await post(endpoint, { query: '{ myRoomIds }' }, parseHeaders(headers));
  return (data as { myRoomIds?: string[] } | null | undefined)?.myRoomIds?.[0] ?? '';
}

/** Renders again at a time, in milliseconds since 1970. */
function useRenderAt(time: number | undefined): void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const wait = time === undefined ? 0 : time - Date.now();
    // A timer has 31 bits of milliseconds, 24 days, which is longer than a visit.
    if (wait <= 0 || wait >= 2 ** 31) {
      return undefined;
    }
    const timer = setTimeout(render, wait);
    return () => clearTimeout(timer);
  }, [time]);
}

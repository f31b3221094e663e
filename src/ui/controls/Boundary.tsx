import { Component, type ReactNode } from 'react';

interface BoundaryProps {
  readonly what: string;
  readonly children: ReactNode;
}

/** Keeps the rest of the page where one part fails, such as a chunk that does not load. */
export class Boundary extends Component<BoundaryProps, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error): { readonly error: Error } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="chart placeholder" role="alert">
        <p>
          {this.props.what} could not be shown: {error.message}{' '}
          <button type="button" className="link" onClick={() => this.setState({ error: undefined } as { error?: Error })}>
            Try again
          </button>
        </p>
      </div>
    );
  }
}
